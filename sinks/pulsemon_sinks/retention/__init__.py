"""How long each tier is kept: said in the control log, done by the engine, told by what the engine has."""
