"""The commands as they are declared: names, options and texts. The work is done beside them."""
