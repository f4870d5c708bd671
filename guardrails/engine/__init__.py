"""The use cases: plan which gates judge a change, run them within bounds, judge what they found."""
