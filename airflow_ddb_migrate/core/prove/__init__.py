"""The questions that only AWS can answer. Pure.

``questions`` are the questions, and what each answer changes; ``answers`` is the document of an
engine's answers, without anything that identifies an account; ``scratch_names`` are the names of
what is created to ask; ``price`` is what asking costs.
"""
