"""x"""
SCENES = ()
