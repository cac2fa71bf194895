"""A payment block: one document held back in the ERP, for one holder."""
