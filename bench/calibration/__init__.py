"""Whether the statistics hold what they say, by simulation: each module measures one section of docs/calibration.md.

A module has NAME, the section's name in the name of its file, and measured(), which returns a Section. To add a
section, add a module and an entry of __main__.MODULES.
"""
