"""What a user asks for that is more than one judgement: pictures, baselines, rewrites."""
