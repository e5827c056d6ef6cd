"""The quickstart's tiny base model: its vocabulary, its pretraining data and the training loop that made its weights."""
