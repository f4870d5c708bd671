"""Ways through the call graph: what an event loop runs, what a request runs, and one fault per cause."""
