"""How a request ends in time: deadlines, a breaker and a concurrency limit, pure, with time as an argument."""
