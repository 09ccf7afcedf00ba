# Every path is relative and quoted: a clone may lie under spaces and Chinese characters, and may be moved.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PY := .venv/bin/python
UV := .cache/uv/bin/uv
INSTALLED := .venv/complete.stamp
API_PAGE := .cache/web/standalone.js
ARGS ?=
export PYTHON

.PHONY: help setup browser run run-kafka test demo check schemas openapi asyncapi nginx compose-env test-compose bench chaos clean

help: ## 显示本帮助 · show this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: $(INSTALLED) $(API_PAGE) ## 准备环境：.venv、锁定的依赖、接口文档页 · make .venv with the locked dependencies, fetch the API page
	@:

browser: setup ## 准备浏览器测试所需的 Chromium · see to a Chromium for the browser test
	@sh deploy/setup/browser.sh

run: setup ## 启动整个系统（内嵌数据库） · start the whole system, embedded
	@exec $(PY) -m deploy run $(ARGS)

run-kafka: setup ## 四个进程经本机 Kafka 相连（需 Java 与 Maven） · four processes joined by a local Kafka (Java, Maven)
	@exec $(PY) -m deploy run --kafka $(ARGS)

test: setup ## 运行全部测试 · run every test (ARGS="tests/unit -k chain" for some)
	@exec $(PY) -m pytest -n 2 --dist loadfile $(ARGS)

demo: setup ## 演示一个投诉的全过程 · tell the story of a complaint (DATA=folder for the real batches)
	@exec $(PY) -m deploy demo $(if $(DATA),--data "$(DATA)") $(ARGS)

check: setup ## 检查格式、类型、导入规则、生成文件 · lint, types, import rules, generated files in step
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -c "from importlinter.cli import lint_imports_command as lint; lint()" --no-logo
	$(UV) lock --check --quiet
	$(PY) -m deploy schemas --check
	$(PY) -m deploy openapi --check
	$(PY) -m deploy asyncapi --check
	$(PY) -m deploy nginx --check

schemas: setup ## 重新生成事件的 JSON Schema · generate the events' JSON Schemas
	$(PY) -m deploy schemas

openapi: setup ## 重新生成 OpenAPI 文档 · generate the OpenAPI document
	$(PY) -m deploy openapi

asyncapi: setup ## 重新生成 AsyncAPI 文档 · generate the AsyncAPI document
	$(PY) -m deploy asyncapi

nginx: setup ## 重新生成网关的 nginx 配置 · generate the gateway's nginx configuration
	$(PY) -m deploy nginx

compose-env: setup ## 生成 docker compose 所需的 .env，随机密钥 · make .env for docker compose, with random secrets
	@exec $(PY) -m deploy compose-env $(ARGS)

test-compose: setup ## 在真实的 Docker 引擎上测试 docker-compose.yml · try docker-compose.yml on a real engine
	@SUYUAN_TEST_COMPOSE=1 $(PY) -m pytest tests/compose $(ARGS) || [ $$? -eq 5 ] # 5: nothing to run, no engine

bench: setup ## 与同类系统同场测速 · measure speed beside the peers
	@exec $(PY) -m benchmarks $(ARGS)

chaos: setup ## 随机杀进程并核对不变量 · kill at random and check every invariant (ARGS="--cycles 200 --seed 7")
	@exec $(PY) -m deploy chaos $(ARGS)

clean: ## 删除环境和缓存，保留 .suyuan 中的数据 · remove environment and caches, keep the data in .suyuan
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml uv.lock deploy/setup/bootstrap.sh
	@sh deploy/setup/bootstrap.sh
	@touch $@

$(API_PAGE): deploy/setup/web_files.py | $(INSTALLED)
	@echo "3/3 下载接口文档页 · 3/3 fetching the page of the API documentation" >&2
	@$(PY) -m deploy.setup.web_files
