"""The page on which people label, and the service behind it; needs the extra `label`."""
