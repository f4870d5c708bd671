"""Where project code runs: a ladder of boxes, strongest first, behind the Box port."""
