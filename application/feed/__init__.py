"""What leaves the house: which part of an event, in which form, and who follows."""
