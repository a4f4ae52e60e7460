"""The project file: what people and methods said of the features of some graphs."""
