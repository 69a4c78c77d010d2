"""The kill matrix: does each requirement catch the mutant that is made for it, and nobody who is honest?"""
