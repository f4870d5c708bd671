"""Git as a store of objects: trees, changes and patches, without git's own opinions on them.

Nothing that the judged change controls takes part: no attributes, filters, hooks, replace
objects, grafts or repository configuration. Start at `inputs.open_change`.
"""
