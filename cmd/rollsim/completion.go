package main

import "github.com/urfave/cli/v2"

func (env *environment) completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print the completion script of a shell",
		ArgsUsage: "bash|zsh|fish",
		Description: "Examples: source <(rollsim completion bash)\n" +
			"          rollsim completion fish > ~/.config/fish/completions/rollsim.fish",
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return usage(c, "expected one shell: bash, zsh or fish")
			}
			switch shell := c.Args().First(); shell {
			case "bash":
				env.out.printf("%s", bashCompletion)
			case "zsh":
				env.out.printf("%s", zshCompletion)
			case "fish":
				script, err := c.App.ToFishCompletion()
				if err != nil {
					return err
				}
				env.out.printf("%s", script)
			default:
				return usage(c, "unknown shell %q: expected bash, zsh or fish", shell)
			}
			return nil
		},
	}
}

// The scripts get completions from the program, by a flag of the command-line library.
const (
	bashCompletion = `_rollsim() {
  local cur="${COMP_WORDS[COMP_CWORD]}" ask=("${COMP_WORDS[@]:0:COMP_CWORD}")
  case "$cur" in
    --) ask+=(-) ;; # a lone -- would end the options
    -*) ask+=("$cur") ;;
  esac
  local words
  words=$("${ask[@]}" --generate-bash-completion 2>/dev/null)
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o bashdefault -o default -F _rollsim rollsim
`
	zshCompletion = `#compdef rollsim
_rollsim() {
  local -a answers
  local ask=("${words[@]:0:$((CURRENT-1))}" --generate-bash-completion)
  answers=("${(@f)$(_CLI_ZSH_AUTOCOMPLETE_HACK=1 "${ask[@]}" 2>/dev/null)}")
  _describe 'rollsim' answers
  _files
}
compdef _rollsim rollsim
`
)
