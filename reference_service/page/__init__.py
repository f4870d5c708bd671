"""The page that shows an answer and why it is what it is: server-rendered, without a script or an asset."""
