"""Plays a command on a terminal, with Enter at every question and nothing else."""

import os
import pty
import re
import select
import signal

# A question of click ends so: "Stack Name [pyshop-auth]: ", "Is this okay? [y/N]: ", "Parameter X: ".
QUESTION = re.compile(r": $")
COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# The most that one question, or the work after the last, may take.
PATIENCE = 120


class Played:
    """What the command said, what it asked, and how it ended."""

    def __init__(self, text, questions, code, stuck):
        self.text, self.questions, self.code, self.stuck = text, questions, code, stuck


def play(command, folder, most_questions=200):
    """Runs `command` in `folder`. A question that comes again at once, since Enter is no answer to it, ends it."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe(command[0], command, {**os.environ, "TERM": "dumb", "COLUMNS": "200"})
    text, answered, questions = "", 0, []
    stuck = False
    while not stuck:
        ready, _, _ = select.select([terminal], [], [], PATIENCE)
        try:
            chunk = os.read(terminal, 65536) if ready else b""
        except OSError:  # The other end is closed.
            chunk = b""
        if not chunk:
            stuck = not ready
            break
        text += COLOUR.sub("", chunk.decode(errors="replace")).replace("\r", "")
        line = text[answered:].rsplit("\n", 1)[-1]
        if QUESTION.search(line):
            question = line.strip()
            stuck = len(questions) >= most_questions or questions[-2:] == [question] * 2
            questions.append(question)
            answered = len(text)
            os.write(terminal, b"\n")
    if stuck:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    return Played(text, questions, os.waitstatus_to_exitcode(status), stuck)
