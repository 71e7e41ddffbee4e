"""What runs in AWS: one invocation works on one lane for one slice of time."""
