"""The night: schedules, the times they are due, what happens at each of them, and what is published."""
