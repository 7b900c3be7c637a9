"""The environments' rewards in other people's trainers: one file a trainer, which imports it only when it is used."""
