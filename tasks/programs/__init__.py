"""String-processing programs from a typed grammar: made, evaluated, rendered and checked without a human or a model.

``program`` holds the nodes, ``ops`` what every operation means, ``evaluate`` the evaluator (the ground truth),
``grammar`` draws programs of a level, ``inputs`` draws what they run on, ``render_python`` writes Python, and
``check`` runs what was written. A further language is one more ``render_*`` file: a template for every operation
of ``ops`` and a layout for every statement of ``program``.
"""
