"""What the business decides: complaints, disputes and payment blocks."""
