"""One corrective and preventive action plan: from the cause it answers to its verified closure."""
