"""Reading the files that other systems export, row by row, before anything is believed."""
