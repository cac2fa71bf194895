"""An invoice, as the ERP told us of it, and what is disputed of it."""
