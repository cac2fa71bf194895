"""The read models: functions of the history, and the questions they answer."""
