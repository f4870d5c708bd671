"""Rules from a team's own repository: data judged here, programs judged in the box."""
