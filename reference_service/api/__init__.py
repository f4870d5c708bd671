"""HTTP: typed requests and answers, problems, and the road from one to the other."""
