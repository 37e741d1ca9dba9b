"""Questions about finished runs, answered in processes of their own.

Why not in the web process: an explanation solves for seconds, a workbook formats for seconds, and while either holds Python's lock nobody else is served.
Warm programs can moreover be neither sent nor forked, and their memory comes back for certain only with the end of a process. So each process here keeps a
few runs open with what was found out about them, answers one question at a time, and can be ended when it overstays.
"""
