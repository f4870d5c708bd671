"""What clients lose where every message still gets through: classes, kinds, known values."""
