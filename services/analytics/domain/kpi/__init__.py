"""The figures, each a pure function of facts and of the moment they are asked for."""
