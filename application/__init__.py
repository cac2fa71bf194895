"""What users can ask for, and the ports that answering needs."""
