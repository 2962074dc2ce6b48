"""The portal on several processes, of which one after the other is killed under load."""
