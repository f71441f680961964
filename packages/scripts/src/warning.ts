/** What a caller should know about a script that is well-formed and may yet fail in the field. A warning refuses nothing. */
export interface ScriptWarning {
  /**
   * | code | |
   * |---|---|
   * | data-object-length | PUT DATA: the dictionary gives the data object another length; cards answer 6700 and set the failure bit |
   * | total-length | all templates together are longer than the 128 bytes that every terminal takes |
   * | several-templates | some terminals run only the first template 72, or 71 only when there is no 72 |
   * | repeated-identifier | two templates carry the same script identifier, or none: their results cannot be told apart |
   */
  readonly code: 'data-object-length' | 'total-length' | 'several-templates' | 'repeated-identifier'
  readonly expected: string
  readonly got: string
}
