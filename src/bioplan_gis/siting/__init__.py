"""What land must keep to be an answer: conditions judged under uncertainty, and the sentences that say so."""
