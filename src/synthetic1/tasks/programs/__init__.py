"""String-processing programs from a typed grammar: made, evaluated, rendered and checked without a human or a model.

``program`` holds the nodes, ``ops`` what every operation means, ``evaluate`` the evaluator (the ground truth),
``levels`` what a level allows, ``grammar`` draws programs of a level, ``inputs`` draws what they run on,
``render_python``, ``render_javascript``, ``render_rust`` and ``render_cpp`` write source (the last three share
``braces``), and ``check`` runs the Python. A further language is one more ``render_*`` file (a template for every
operation of ``ops``, a layout for every statement of ``program``) and its line in ``languages``.
"""
