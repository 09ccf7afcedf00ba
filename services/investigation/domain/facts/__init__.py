"""Facts of MES, WMS and SRM: what each kind holds, and how one source's rows become them."""
