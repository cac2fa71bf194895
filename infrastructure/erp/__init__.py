"""The ERP side of a payment block: the HTTP connector, and a simulator to try it against."""
