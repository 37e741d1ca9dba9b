"""One component of match quality a file: how well do this seeker and this slot fit, in one respect?"""
