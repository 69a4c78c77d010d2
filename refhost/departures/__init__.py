"""What signalk-server 2.32 does otherwise: one module for each subject, beside the one that keeps to the contract."""
