"""What only AWS can answer: pure.

``questions`` are the twelve and what each answer changes; ``answers`` the document that holds what
an engine answered, without anything that names an account; ``scratch_names`` how what is made for
them is called, and ``price`` what asking costs.
"""
