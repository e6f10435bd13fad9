"""Judging a submission: checks that give points, a learner, a verdict."""
