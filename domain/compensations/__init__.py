"""What a customer was given over all disputes, so that limits hold for the sum too."""
