"""The window: shows a project, turns gestures into edits and jobs."""
