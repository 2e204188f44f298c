"""The commands of ``bioplan``, one module for each group of them."""
