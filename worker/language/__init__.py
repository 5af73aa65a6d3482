"""Text -> `DetectedLanguage`.

The door is `detect.make_detector`; importing the package itself loads nothing.
"""
