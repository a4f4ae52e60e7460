"""Natural-language-autoencoder (NLA) verbalizations: vectors put into words."""
